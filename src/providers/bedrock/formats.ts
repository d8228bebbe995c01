/** Converse's names for the formats of images and documents. */

/** From a media type (`image/png`) or the end of a URL (`s3://bucket/a.png`). */
export function imageFormat(text: string): string | undefined {
  const ending = /[/.]([a-z0-9]+)$/i.exec(text)?.[1]?.toLowerCase();
  if (ending === "jpg") return "jpeg";
  return ending !== undefined && IMAGES.has(ending) ? ending : undefined;
}

const IMAGES: ReadonlySet<string> = new Set(["png", "jpeg", "gif", "webp"]);

/** The media type tells; where it says nothing that Converse knows, the file's name does. Other text is read as text. */
export function documentFormat(mediaType: string, filename: unknown): string | undefined {
  const known = DOCUMENTS.get(mediaType);
  if (known !== undefined) return known;
  const ending = typeof filename === "string" ? /\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase() : undefined;
  if (ending !== undefined && ENDINGS.has(ending)) return ending;
  return /^text\/|^application\/(json|xml|yaml|x-yaml|javascript|txt)$/.test(mediaType) ? "txt" : undefined;
}

const DOCUMENTS: ReadonlyMap<string, string> = new Map([
  ["application/pdf", "pdf"],
  ["text/csv", "csv"],
  ["text/html", "html"],
  ["text/markdown", "md"],
  ["application/msword", "doc"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["application/vnd.ms-excel", "xls"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
]);

const ENDINGS: ReadonlySet<string> = new Set(["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]);

/** Names for the documents of one request: Converse takes few characters, and no name twice. */
export function documentNames(): (filename: unknown) => string {
  const taken = new Set<string>();
  return (filename) => {
    const name = cleanName(filename);
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
    taken.add(free);
    return free;
  };
}

/** The format says what the ending says. */
function cleanName(filename: unknown): string {
  if (typeof filename !== "string") return "Document";
  const stem = filename.replace(/\.[a-z0-9]{1,5}$/i, "");
  const clean = stem.replace(/[^A-Za-z0-9()[\] -]+/g, " ").replace(/ {2,}/g, " ");
  return clean.trim().slice(0, MAX_NAME) || "Document";
}

/** Converse takes 200 characters; a number may follow. */
const MAX_NAME = 190;
