/** A cursor that no page of this list ended with. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}

/** More rows than are sorted or added up at once. */
export class ListTooLargeError extends Error {
  override readonly name = 'ListTooLargeError';
}
