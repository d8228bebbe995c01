/** API keys: what one is, where they are kept, and who tells a good one from a bad one. */

/** What is known about a key, but for its secret. */
export interface ApiKey {
  /** Public: the middle part of `gate_<id>_<secret>`; may stand in logs. */
  readonly id: string;
  readonly tenant: string;
  readonly team: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Models or configuration entries the key may ask for; null for all. */
  readonly models: readonly string[] | null;
  readonly createdAt: Date;
  /** Refused before; null for no such limit. */
  readonly validFrom: Date | null;
  /** Refused from then on; null for never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A key with what a presented secret is compared with: HMAC-SHA-256 of the secret under the pepper, base64url. */
export interface StoredKey {
  readonly key: ApiKey;
  readonly secretHash: string;
}

/** Where keys are kept for good. */
export interface KeyStore {
  /** Every key, revoked ones too, or those changed after `changedSince`; times are the store's clock. */
  look(changedSince?: Date): Promise<KeyLook>;
  /**
   * Adds a key, and its tenant and team when they are new. With `onlyOnce`, a name, adds it only if nobody ever used that
   * name before, on any replica. Undefined when it was used.
   */
  insert(key: NewStoredKey, onlyOnce?: string): Promise<ApiKey | undefined>;
  /** The key, revoked now or earlier; undefined when there is none. */
  revoke(id: string): Promise<ApiKey | undefined>;
}

export interface KeyLook {
  readonly keys: readonly StoredKey[];
  /** The store's clock when it looked: where the next look can begin. */
  readonly asOf: Date;
}

export type NewStoredKey = Omit<ApiKey, "createdAt" | "revokedAt"> & { readonly secretHash: string };

/** The keys that are good now, in memory. */
export interface KeyRing {
  /** On the way of every call: never waits, bounded work for any input, undefined for every kind of bad key. */
  authenticate(token: string): ApiKey | undefined;
  /** Resolves when changes made before this call are known here, or the store could not be reached; never rejects. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Where keys are made and taken back. */
export interface KeyOffice {
  create(request: KeyRequest): Promise<IssuedKey>;
  /** Every key, newest first. */
  list(): Promise<readonly ApiKey[]>;
  /** The key, revoked now or earlier; undefined when there is none. */
  revoke(id: string): Promise<ApiKey | undefined>;
}

export interface KeyRequest {
  readonly tenant: string;
  readonly team: string;
  readonly name: string;
  readonly tags?: readonly string[];
  readonly models?: readonly string[] | null;
  readonly validFrom?: Date | null;
  readonly expiresAt?: Date | null;
}

export interface IssuedKey {
  readonly key: ApiKey;
  /** The whole `gate_<id>_<secret>`: exists nowhere else, cannot be shown again. */
  readonly token: string;
}
