const day = "${dt}";
const items = [1, 2, ...[3]];
console.log(`${day} ${items.map((x) => `<${x}>`).join("")} ${a?.b ?? "none"} \${raw} $${day}`);
console.log(/^\$\{(\w+)\}$/.exec("${region}"), { a: { b: {} } });
