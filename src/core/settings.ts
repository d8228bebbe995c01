/** Facts about an installation that all its replicas agree on. */
export interface SharedSettings {
  /** Sets `key` unless it is set; the value that stands, which may be another's. */
  claim(key: string, value: string): Promise<string>;
}
