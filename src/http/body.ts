import type { PipeTransform, Type } from '@nestjs/common';
import { registerDecorator, type ValidationArguments, type ValidationError, type ValidatorConstraintInterface } from 'class-validator';
import {
  checkField,
  checkNames,
  joinProblems,
  provenanceFields,
  object,
  optional,
  schemaOf,
  exampleOf,
  type AnyCommand,
  type Field,
  type Fields,
  type Json,
  type Problem,
} from '../kernel/index.js';
import { BadRequestError } from './problem.js';
import { validatorOf } from './validator.js';

/** A command's whole body: its fields and the reserved key `record`. */
export const bodyFields = (command: AnyCommand): Fields => ({ ...command.fields, record });
const record = optional(object(provenanceFields, 'When, who decided, on what authority and evidence'));
let recordSchema: Readonly<Record<string, Json>> | undefined;

/** JSON Schema 2020-12 of a command's body, whose `record` is one object for all commands, and a body that passes. */
export const bodySchema = (command: AnyCommand) => {
  recordSchema ??= { ...(schemaOf({ record })['properties'] as { record: Readonly<Record<string, Json>> }).record, title: 'Provenance' };
  const schema = schemaOf(command.fields);
  return { ...schema, properties: { ...(schema['properties'] as Readonly<Record<string, Json>>), record: recordSchema } };
};
export const bodyExample = (command: AnyCommand) => exampleOf(bodyFields(command));

/**
 * A class-validator constraint that applies the kernel's rule for a field, the one that judges corrections too. A rule may find several
 * problems, each at its own place inside the field. class-validator has one message for a constraint, but copies the constraint's `context`
 * into the error right after it failed: that is where the problems travel.
 */
class KernelRule implements ValidatorConstraintInterface {
  #problems: Problem[] = [];
  readonly context = Object.defineProperty({}, 'problems', { enumerable: true, get: () => this.#problems });

  constructor(private readonly rule: (value: unknown, problems: Problem[], body: object) => void) {}

  validate(value: unknown, { object: body }: ValidationArguments): boolean {
    if (this.#problems.length > 0) this.#problems = [];
    this.rule(value, this.#problems, body);
    return this.#problems.length === 0;
  }
  defaultMessage(): string {
    const [first, another] = this.#problems;
    return `${first!.detail}${another ? ', and more' : ''}`;
  }
}

/** No field has an empty name: the rule about the body's names stands under it. */
const NAMES = '';

/** The class that class-validator knows a command's body by, named after the command, with a constraint for each field. */
export const bodyClass = (command: AnyCommand): Type<object> => {
  const Body = { [command.name]: class {} }[command.name] as Type<object>;
  const fields = bodyFields(command);
  const constrain = (propertyName: string, name: string, validator: KernelRule) =>
    registerDecorator({ target: Body, propertyName, name, validator, options: { context: validator.context } });
  constrain(NAMES, 'names', new KernelRule((_, problems, body) => checkNames(fields, body, '', problems)));
  for (const [name, field] of Object.entries<Field>(fields))
    constrain(name, field.kind, new KernelRule((value, problems) => checkField(field, value, `/${name}`, problems)));
  return Body;
};

const problemsOf = (errors: readonly ValidationError[]): readonly Problem[] =>
  joinProblems(
    errors
      .flatMap(({ contexts = {} }) => Object.values<{ readonly problems: readonly Problem[] }>(contexts))
      .map(({ problems }) => problems),
  );

/** Lets a body through as it came, or answers everything that is wrong with it. */
export class BodyPipe implements PipeTransform<unknown, object> {
  readonly #validate: (body: object) => readonly ValidationError[];

  constructor(command: AnyCommand) {
    this.#validate = validatorOf(bodyClass(command));
  }

  /** @throws BadRequestError */
  transform(body: unknown): object {
    if (body === undefined) throw new BadRequestError([{ pointer: '', detail: 'must not be empty' }], 'bad-body');
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new BadRequestError([{ pointer: '', detail: 'must be an object' }], 'bad-body');
    const errors = this.#validate(body);
    if (errors.length > 0) throw new BadRequestError(problemsOf(errors), 'bad-body');
    return body;
  }
}
