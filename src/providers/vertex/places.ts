/** Where Vertex keeps what: hosts by location, models by publisher. */
import { pathOf } from "../gemini/path.ts";

/** `global` and the multi-regions `us` and `eu` have hosts of their own. */
export function hostOf(location: string): string {
  if (location === "global") return "https://aiplatform.googleapis.com/v1";
  if (location === "us" || location === "eu") return `https://aiplatform.${location}.rep.googleapis.com/v1`;
  return `https://${location}-aiplatform.googleapis.com/v1`;
}

export function isClaude(model: string): boolean {
  return /^(publishers\/anthropic\/models\/)?claude/.test(model);
}

/** The path of a model; one's own tuned models are `endpoints/…`, and any publisher's can be named in full. */
export function placesIn(project: string, location: string): (model: string) => string {
  const base = `/projects/${encodeURIComponent(project)}/locations/${location}/`;
  return (model) => {
    if (/^(endpoints|publishers)\//.test(model)) return base + pathOf(model);
    return `${base}publishers/${isClaude(model) ? "anthropic" : "google"}/models/${pathOf(model)}`;
  };
}
