/** What was wrong with an input: a JSON Pointer to the place and a sentence for a person. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

/** What one check says at most; one more entry says how many there are beside. */
export const MAX_PROBLEMS = 50;
type Problems = Problem[] & { beside?: number };
export const no = (problems: Problems, pointer: string, detail: string): void => {
  if (problems.length < MAX_PROBLEMS) problems.push({ pointer, detail });
  else leaveOut(problems, 1);
};
const leaveOut = (problems: Problems, more: number): void => {
  const beside = (problems.beside ?? 0) + more;
  problems.beside = beside;
  problems[MAX_PROBLEMS] = { pointer: '', detail: `${beside} more ${beside === 1 ? 'fault is' : 'faults are'} not listed` };
};

/** What several checks say, as if one check had said it: at most `MAX_PROBLEMS`, and then how many more there are. */
export const joinProblems = (checks: readonly (readonly Problem[])[]): Problem[] => {
  const joined: Problems = [];
  for (const problems of checks as readonly Problems[]) {
    for (const { pointer, detail } of problems.slice(0, MAX_PROBLEMS)) no(joined, pointer, detail);
    if (problems.beside) leaveOut(joined, problems.beside);
  }
  return joined;
};
