import { isLedgerEvent, type Assessment, type History } from '../../kernel/index.js';

/** What became of a policy after a decision was assessed under it. */
export interface Since {
  readonly since: 'withdrawn' | 'corrected';
  /** The event that withdrew or corrected it. */
  readonly by: string;
  readonly text: string;
}

/**
 * What became of the policy behind an assessment since the programme was known at a revision; undefined where it stands as it was. A
 * decision is never judged again when its policy changes: it is marked.
 */
export const ruleSince = (
  programme: History,
  known: number,
  { rule, version }: Pick<Assessment, 'rule' | 'version'>,
): Since | undefined => {
  const policy = rule.split('/')[0];
  const adopted = programme.recordedFrom(0, known).findLast((event) => {
    if (isLedgerEvent(event.type) || event.type !== 'PolicyAdopted') return false;
    return event.data.policy === policy && event.data.version === version;
  });
  if (!adopted) return undefined;
  const withdrawnBy = programme.withdrawn.get(adopted.id);
  if (withdrawnBy !== undefined) return { since: 'withdrawn', by: withdrawnBy, text: 'assessed under a rule since withdrawn' };
  const { corrections = [] } = programme.entries.find(({ recorded }) => recorded.id === adopted.id) ?? {};
  const later = new Set(programme.recordedFrom(known + 1, programme.revision).map(({ id }) => id));
  const correction = corrections.findLast(({ by, pointer }) => later.has(by) && !/^\/(evidence|record)(\/|$)/.test(pointer));
  return correction && { since: 'corrected', by: correction.by, text: 'assessed under a rule since corrected' };
};
