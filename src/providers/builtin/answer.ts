import type { Completion } from "../../core/answer.ts";
import type { Embedded } from "../../embedder/batch.ts";
import { MAX_TOKENS, MODEL } from "../../embedder/model.ts";

export interface Answered extends Completion {
  readonly body: Buffer<ArrayBuffer>;
}

/** OpenAI's list of embeddings, put together from what the threads wrote: megabytes are joined here, and none is parsed. */
export function answerOf(embedded: readonly Embedded[]): Answered {
  const tokens = embedded.reduce((sum, one) => sum + one.tokens, 0);
  const parts = embedded.flatMap(({ json }, index) => [
    Buffer.from(`${index === 0 ? "" : ","}{"object":"embedding","index":${index},"embedding":`),
    json,
    CLOSE,
  ]);
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens });
  const end = Buffer.from(`],"model":${JSON.stringify(MODEL)},"usage":${usage}}`);
  return {
    body: Buffer.concat([BEGIN, ...parts, end]),
    usage: { promptTokens: tokens, completionTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    dropped: cutOf(embedded),
  };
}

const BEGIN = Buffer.from('{"object":"list","data":[');
const CLOSE = Buffer.from("}");

/** What no reader of a vector could see: that it does not stand for the whole text. */
function cutOf(embedded: readonly Embedded[]): readonly string[] {
  const cut = embedded.filter((one) => one.cut).length;
  if (cut === 0) return NOTHING;
  const which = embedded.length === 1 ? "" : `${cut} of ${embedded.length} `;
  return [`input (${which}cut to ${MAX_TOKENS} tokens)`];
}

const NOTHING: readonly string[] = [];
