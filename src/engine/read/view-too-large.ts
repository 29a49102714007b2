/** More streams, or more of what they contribute, than one view is made of. */
export class ViewTooLargeError extends Error {
  override readonly name = 'ViewTooLargeError';
}
