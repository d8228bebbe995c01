/** What a data URL or a bare base64 text holds. */
export interface Data {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  readonly base64: string;
}

/** Undefined when it is another kind of URL. The data is cut out, not matched: it can be megabytes. */
export function readDataUrl(url: string): Data | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(",");
  const [mediaType = "", ...parameters] = url.slice("data:".length, Math.max(comma, 0)).split(";");
  const data = url.slice(comma + 1);
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === "base64");
  return {
    mediaType: mediaType.trim().toLowerCase() || "text/plain",
    base64: isBase64 ? data : Buffer.from(unescaped(data)).toString("base64"),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** OpenAI's `file.file_data`: a data URL, or base64 with nothing but the file's name to tell what it is. */
export function readFileData(fileData: string, filename: unknown): Data {
  return readDataUrl(fileData) ?? { mediaType: bareType(fileData, filename), base64: fileData };
}

function bareType(base64: string, filename: unknown): string {
  // `%PDF-` in base64.
  const isPdf = base64.startsWith("JVBERi") || (typeof filename === "string" && /\.pdf$/i.test(filename));
  return isPdf ? "application/pdf" : "application/octet-stream";
}
