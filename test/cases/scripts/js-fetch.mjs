const url = new URL(`https://example.com/api/${encodeURIComponent("${region}")}`);
const { rows = [] } = await (await fetch(url, { method: "POST", body: JSON.stringify({ day: "${dt}", n: ${n} }) })).json();
for (const [i, row] of rows.entries()) console.log(i, row?.["a-b"], row.$id, `${row.name}`);
