/**
 * What a client gets to see of a provider's HTTP status. The gateway is the provider's customer: a fault of
 * its own account is a broken upstream to the client, a fault of the request stays the client's.
 */
const table: Readonly<Record<number, readonly number[]>> = {
  // The operator's key is wrong or may not do this: nothing a client could mend.
  401: [502],
  403: [502],
  // The operator's credit is used up: an upstream fault, or a quota to the client.
  402: [429, 502],
  // Kinds of bad request, which may all be told as 400.
  413: [400, 413],
  422: [400, 422],
  // The provider is in trouble; 529 is Anthropic's "overloaded".
  408: [408, 502, 503, 504],
  500: [500, 502],
  502: [502, 503],
  503: [502, 503],
  504: [502, 503, 504],
  529: [503],
};

/** Every other status (200, 400, 404, 429) reaches the client as it is. */
export function statusesFor(providerStatus: number): readonly number[] {
  return table[providerStatus] ?? [providerStatus];
}
