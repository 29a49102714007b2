/** A cursor that no page of this list ended with. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}

/** More rows than are sorted or added up at once. */
export class ListTooLargeError extends Error {
  override readonly name = 'ListTooLargeError';
}

/** More streams, or more of what they contribute, than one view is made of. */
export class ViewTooLargeError extends Error {
  override readonly name = 'ViewTooLargeError';
}
