import { prepared } from "./cupboard.ts";
import { run } from "./run.ts";

const REQUIREMENT = "openai==3.57.0";
const DOWNLOAD_LIMIT_MS = 300_000;

/** A folder for `PYTHONPATH` that holds OpenAI's Python client and what it needs. `Unavailable` without Python and pip. */
export function pythonOpenAI(): Promise<string> {
  return prepared(REQUIREMENT.replace("==", "-python-"), async (folder) => {
    const options = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--retries=3"];
    await run("python3", ["-m", "pip", "install", ...options, "--target", folder, REQUIREMENT], {
      timeoutMs: DOWNLOAD_LIMIT_MS,
    });
  });
}
