import type { AnyCommand } from './aggregate.js';
import type { Provenance } from './event.js';

/** Where a body names the rules that it waives. */
export const WAIVES = '/record/waives';

/**
 * Where a body asks for an approver among those who sign in: '' where the command as a whole approves or writes off, else the pointer to the
 * rules that it waives, or to the decider or authority that it corrects. Undefined where everybody who may record may send it.
 */
export const approvalIn = (
  { approves }: Pick<AnyCommand, 'approves'>,
  { record, ...data }: { readonly record?: Pick<Provenance, 'waives'> | undefined },
): string | undefined => {
  if (approves === true) return '';
  return (record?.waives ?? []).length > 0 ? WAIVES : approves?.(data);
};
