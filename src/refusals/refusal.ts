/** What a refusal was answered with: who sent no token in force, whose role may not, and what a rule, a precondition or a key refused. */
export const REFUSAL_STATUSES = [401, 403, 409, 412, 422, 429] as const;
export type RefusalStatus = (typeof REFUSAL_STATUSES)[number];

/**
 * What was refused, as it is remembered. Of a command's body nothing is kept but the programme that it names, and of a request neither its
 * query nor its headers but the two that are named here.
 */
export interface Refused {
  readonly status: RefusalStatus;
  /** Of the rule, such as contract/stage, or of the problem, such as not-allowed. */
  readonly code: string;
  /** The sentence of the answer: 500 characters at most. */
  readonly detail?: string;
  /** The field of the body that the rule blames. */
  readonly pointer?: string;
  /** Adopted rules that were not met: 10 at most. */
  readonly policies?: readonly string[];
  /** Who tried: a person id; `system` for automations, whose role is the name of the automation. */
  readonly actor?: string;
  /** With tokens: the role, or all roles of a token that may not. */
  readonly role?: string;
  /** Of somebody without a token in force: where the request came from. */
  readonly address?: string;
  readonly command?: string;
  readonly stream?: string;
  readonly programme?: string;
  /** Of what is no command: method and route. */
  readonly request?: string;
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  /** Of what an automation tried: the event that made it necessary. */
  readonly causationId?: string;
}

export interface Refusal extends Refused {
  /** Digits. Later refusals of a node have higher ones. */
  readonly id: string;
  /** The first of them. */
  readonly refusedAt: string;
  /** The last of them, where it is more than one. */
  readonly until?: string;
  /** How many there were, all of them as it says here. */
  readonly times: number;
  /** They are several that differ in what is not said here: more came than are remembered one by one. */
  readonly grouped?: true;
}

/** Characters that are kept of each text. */
const MOST: Readonly<Partial<Record<keyof Refused, number>>> = {
  detail: 500,
  pointer: 200,
  actor: 128,
  role: 128,
  address: 64,
  stream: 128,
  request: 128,
  idempotencyKey: 255,
  correlationId: 128,
};
const MAX_POLICIES = 10;
const MAX_POLICY = 160;
const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;

/** What is kept of a refusal: about 500 bytes, 8 KB at most. */
export const bounded = ({ policies, ...refused }: Refused): Refused => ({
  ...(Object.fromEntries(
    Object.entries(refused).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? cut(value, MOST[name as keyof Refused] ?? 128) : value]],
    ),
  ) as unknown as Refused),
  ...(policies && policies.length > 0 && { policies: policies.slice(0, MAX_POLICIES).map((rule) => cut(rule, MAX_POLICY)) }),
});

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Until the year 2255: every one that follows is a safe integer. */
const ID = /^[0-8]\d{15}$/;
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
const TEXTS = ['detail', 'pointer', 'actor', 'role', 'address', 'command', 'stream', 'programme', 'request', 'idempotencyKey', 'correlationId', 'causationId'] as const; // prettier-ignore

/** A refusal from a line of a file; undefined where the line is none: anybody may have written it. */
export const refusalIn = (line: string): Refusal | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const found = value as Partial<Record<keyof Refusal, unknown>>;
  const { id, refusedAt, until, times, status, code, policies, grouped } = found;
  const isRefusal =
    typeof id === 'string' &&
    ID.test(id) &&
    typeof refusedAt === 'string' &&
    INSTANT.test(refusedAt) &&
    (until === undefined || (typeof until === 'string' && INSTANT.test(until))) &&
    Number.isSafeInteger(times) &&
    (times as number) > 0 &&
    REFUSAL_STATUSES.some((one) => one === status) &&
    typeof code === 'string' &&
    (grouped === undefined || grouped === true) &&
    (policies === undefined || (Array.isArray(policies) && policies.every((rule) => typeof rule === 'string'))) &&
    TEXTS.every((name) => isText(found[name]));
  if (!isRefusal) return undefined;
  const known = ['id', 'refusedAt', 'until', 'times', 'status', 'code', 'policies', 'grouped', ...TEXTS];
  return Object.fromEntries(Object.entries(found).filter(([name]) => known.includes(name))) as unknown as Refusal;
};

/** Who a refusal is counted for. */
export const whoOf = ({ actor, address }: Refused): string => (actor === undefined ? `at ${address}` : `by ${actor}`);
