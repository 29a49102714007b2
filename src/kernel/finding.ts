/** What is recorded and flagged, not refused: a stable code and a sentence with the figures. */
export interface Finding {
  readonly code: string;
  readonly text: string;
}
