// Paths of a workspace: relative or absolute, always with `/`.

/** The folder of a path; empty for a file at the top. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export const fileNameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** `path` as seen from the folder. */
export const joinPath = (folder: string, path: string): string => {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return folder === "" ? parts.join("/") : `${folder}/${parts.join("/")}`;
};

/** The folder itself, then those around it, nearest first. */
export function foldersAround(folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder; at !== ""; ) {
    at = folderOf(at);
    folders.push(at);
  }
  return folders;
}
