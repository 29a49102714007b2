import { describe, expect, it } from '@jest/globals';
import { IsString, registerDecorator, validateSync, type ValidationError } from 'class-validator';
import { commands } from '../../src/domain/index.js';
import { bodyClass, bodyExample, bodyFields, BodyPipe } from '../../src/http/body.js';
import { BadRequestError } from '../../src/http/problem.js';
import { validatorOf } from '../../src/http/validator.js';
import { check } from '../../src/kernel/index.js';
import { wrongFor } from '../wrong-values.js';

const unknownNames = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`nosuch-${i}`, i]));

/** A body that passes, and for each field one that does not for each wrong value, one without it, and some with names that are no fields. */
const bodiesOf = (command: (typeof commands)[number]): readonly object[] => {
  const valid = bodyExample(command);
  return [
    valid,
    { ...unknownNames(49), record: { nosuch: 1, evidence: 5 } },
    { ...unknownNames(200), record: { nosuch: 1, evidence: 5 } },
    { ...valid, nosuch: 1, 'a/b~c': 2, hasOwnProperty: 3, toString: 4 },
    ...Object.entries(bodyFields(command)).flatMap(([name, field]) => [
      { ...valid, [name]: undefined },
      ...wrongFor(field).map((wrong) => ({ ...valid, [name]: wrong })),
    ]),
  ];
};
const faultsOf = (pipe: BodyPipe, body: unknown) => {
  try {
    pipe.transform(body);
    return [];
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    return error.errors;
  }
};

describe.each(commands.map((command) => [command.name, command] as const))('the body of %s', (_, command) => {
  it('is refused with every problem that the kernel finds, each at its place', () => {
    const pipe = new BodyPipe(command);
    for (const body of bodiesOf(command)) expect(faultsOf(pipe, body)).toEqual(check(bodyFields(command), body));
  });

  it('has the errors that class-validator itself finds', () => {
    const Body = bodyClass(command);
    const validate = validatorOf(Body);
    const plain = (errors: readonly ValidationError[]) =>
      errors.map(({ property, constraints, contexts, children }) => ({ property, constraints, contexts, children }));
    for (const body of bodiesOf(command)) {
      const errors = plain(validate(body));
      expect(errors).toEqual(plain(validateSync(Object.assign(new Body(), body), { forbidUnknownValues: false })));
    }
  });
});

it('a valid body passes as it came', () => {
  const [command] = commands;
  const body = bodyExample(command!);
  expect(new BodyPipe(command!).transform(body)).toBe(body);
});

it('takes no inherited property for a field', () => {
  const command = commands.find(({ name }) => name === 'AwardContract')!;
  const { value, ...body } = bodyExample(command);
  expect(faultsOf(new BodyPipe(command), Object.assign(Object.create({ value }) as object, body))).toEqual([
    { pointer: '/value', detail: 'is missing' },
  ]);
});

describe('a validator', () => {
  it('asks each constraint once, and leaves other classes to class-validator', () => {
    class Asked {}
    let asked = 0;
    const validator = { validate: () => ++asked < 0, defaultMessage: () => 'never' };
    registerDecorator({ target: Asked, propertyName: 'x', name: 'never', validator });
    expect(validatorOf(Asked)({ x: 1 })).toEqual([expect.objectContaining({ property: 'x', constraints: { never: 'never' } })]);
    expect(asked).toBe(1);

    class Other {
      text: unknown = 5;
    }
    IsString()(Other.prototype, 'text');
    expect(validateSync(new Other())).toEqual([expect.objectContaining({ property: 'text' })]);
  });
});
