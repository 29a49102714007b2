import type { Assessment, EventContext } from '../../kernel/index.js';
import { cited, inForceOn, judge, type Facts, type Judgement, type Pack, type Subject } from '../law/index.js';
import { assessment, certainlyInForce, inForce, NOT_KNOWN_TO_BE_IN_FORCE } from './policies.js';
import type { Policy, WithPolicies } from './policy.js';

export interface LawAsked {
  readonly subject: Subject;
  /** The law that a contract was procured under; undefined where it is not known. */
  readonly regime?: string | undefined;
  readonly facts: Facts;
  readonly inputs: Assessment['inputs'];
  /** False where what happened is recorded whatever the law says of it: then nothing is refused. */
  readonly refuses?: false;
}

/** What the adopted packs of law say of a decision. Nothing where none was adopted, or none is of its regime or in force. */
export const lawOf = (programme: WithPolicies, asked: LawAsked, { effectiveOn }: EventContext): readonly Assessment[] =>
  inForce(programme, effectiveOn).flatMap((policy) =>
    policy.law?.appliesTo.subject === asked.subject ? byPack(policy, policy.law, asked, effectiveOn) : [],
  );

const byPack = (policy: Policy, law: Pack, { regime, facts, inputs, refuses }: LawAsked, on: string): readonly Assessment[] => {
  const { regimes } = law.appliesTo;
  if (regimes && regime !== undefined && !(regimes as readonly string[]).includes(regime)) return [];
  if (inForceOn(law, facts) === 'no') return [];
  const say = (rule: string, result: Assessment['result'], note?: string, more: Assessment['inputs'] = {}): Assessment => ({
    ...assessment(policy, rule, result, { law: cited(law), ...inputs, ...more }, note),
    ...(refuses === false && { refuses }),
  });
  if (regimes && regime === undefined) return [say('regime', 'not-assessable', 'The change regime of the contract is unknown.')];
  if (!certainlyInForce(policy, on)) return [say(law.id, 'not-assessable', NOT_KNOWN_TO_BE_IN_FORCE)];
  const judgements = judge(law, facts);
  if (judgements.length === 0) return [say(law.id, 'not-assessable', `No rule of ${law.id} applies to this.`)];
  const undecided = Map.groupBy(
    judgements.filter(({ applies }) => applies !== 'yes'),
    ({ rule }) => rule.kind,
  );
  return [
    ...judgements
      .filter(({ applies }) => applies === 'yes')
      .map((j) => say(j.rule.id, resultOf(j), noteOf(j), { ...(j.due && { due: { ...j.due } }) })),
    ...[...undecided].map(([kind, group]) => say(`any-${kind}`, ...whichever(group))),
  ];
};

const resultOf = ({ holds }: Judgement): Assessment['result'] => (holds === 'yes' ? 'met' : holds === 'no' ? 'not-met' : 'not-assessable');

const noteOf = (judgement: Judgement): string | undefined => {
  const { rule, holds, flag } = judgement;
  const text = `${rule.article}: ${rule.says}`;
  if (holds === 'yes') return flag;
  if (holds === 'no') return text;
  if (holds === 'judgement') return `${text} For a person to judge.`;
  if (holds === 'within-precision') return `${text} It lies within precision of the limit: its sources are too rounded to tell.`;
  return `${text} ${lacking([judgement])}`;
};

/** Of rules that may apply: met where each of them would be. */
const whichever = (group: readonly Judgement[]): [Assessment['result'], string] => {
  if (group.every(({ holds }) => holds === 'yes')) return ['met', 'Met whichever rule applies.'];
  const why = lacking(group);
  return ['not-assessable', group.every(({ holds }) => holds === 'no') ? `Met by no rule that may apply. ${why}` : why];
};
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const lacking = (group: readonly Judgement[]): string => {
  const [missing, unclear] = [group.flatMap((j) => j.missing), group.flatMap((j) => j.unclear)].map((names) => [...new Set(names)]);
  return [
    ...missing!.map((name) => `${capital(name)} was not said.`),
    ...unclear!.filter((name) => !missing!.includes(name)).map((name) => `${capital(name)} is not known well enough.`),
  ].join(' ');
};
