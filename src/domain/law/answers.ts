/** Of a question on facts that may be missing, or be known only within the precision of their sources. */
export type Answer = 'yes' | 'no' | 'unknown' | 'within-precision';

const UNSURE = ['unknown', 'within-precision'] as const;
/** Whether all hold: a certain no decides. Of none, yes. */
export const all = (answers: readonly Answer[]): Answer =>
  answers.includes('no') ? 'no' : (UNSURE.find((answer) => answers.includes(answer)) ?? 'yes');
/** Whether one holds: a certain yes decides. Of none, no. */
export const any = (answers: readonly Answer[]): Answer =>
  answers.includes('yes') ? 'yes' : (UNSURE.find((answer) => answers.includes(answer)) ?? 'no');
/** The answer to whether something does not hold. */
export const not = (answer: Answer): Answer => (answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : answer);
