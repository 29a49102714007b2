import { id, object, optional, text, uuid, type AnyCommand, type Fields } from '../kernel/index.js';

/** The command whose fields a policy has. */
export const ADOPT = 'AdoptPolicy';
/** The body of a question: what is replayed, and another policy in the place of the adopted one. */
export const replayFields = ({ commands }: { readonly commands: readonly AnyCommand[] }): Fields => ({
  decision: optional(uuid()),
  programme: optional(id('Decisions about this programme')),
  recordedFrom: optional(text('Recorded at this instant or on this day, or later', { max: 40, example: '2026-11-01' })),
  recordedUntil: optional(text('Recorded at this instant or on this day, or before', { max: 40, example: '2026-11-30' })),
  policy: optional(
    object(
      commands.find(({ name }) => name === ADOPT)!.fields,
      'What if this policy had been adopted, in the place of every version of the same policy',
    ),
  ),
});
