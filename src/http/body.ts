import type { PipeTransform, Type } from '@nestjs/common';
import { registerDecorator, validateSync } from 'class-validator';
import {
  check,
  checkField,
  provenanceFields,
  object,
  optional,
  schemaOf,
  exampleOf,
  type AnyCommand,
  type Fields,
} from '../kernel/index.js';
import { BadRequestError } from './problem.js';

/** A command's whole body: its fields and the reserved key `record`. */
export const bodyFields = (command: AnyCommand): Fields => ({
  ...command.fields,
  record: optional(object(provenanceFields, 'When, who decided, on what authority and evidence')),
});

/** JSON Schema 2020-12 of a command's body, and a body that passes. */
export const bodySchema = (command: AnyCommand) => schemaOf(bodyFields(command));
export const bodyExample = (command: AnyCommand) => exampleOf(bodyFields(command));

/** The class-validator class that a command's fields describe, named after the command. What a field may be, only the kernel says. */
const bodyClass = (command: AnyCommand, fields: Fields): Type<object> => {
  const Body = { [command.name]: class {} }[command.name] as Type<object>;
  for (const [name, field] of Object.entries(fields))
    registerDecorator({
      name: `${command.name}.${name}`,
      target: Body,
      propertyName: name,
      validator: { validate: (value: unknown) => (value === undefined ? field.optional : checkField(field, value, '').length === 0) },
    });
  return Body;
};

const quick = { stopAtFirstError: true, forbidUnknownValues: false, validationError: { target: false, value: false } };

/** Lets a body through as it came, or says everything that is wrong with it. */
export class BodyPipe implements PipeTransform<unknown, object> {
  readonly #fields: Fields;
  readonly #Body: Type<object>;

  constructor(command: AnyCommand) {
    this.#fields = bodyFields(command);
    this.#Body = bodyClass(command, this.#fields);
  }

  transform(body: unknown): object {
    // class-validator's own whitelist knows names such as hasOwnProperty, which every object inherits
    const known =
      typeof body === 'object' &&
      body !== null &&
      !Array.isArray(body) &&
      Object.keys(body).every((name) => Object.hasOwn(this.#fields, name));
    if (known && validateSync(Object.assign(new this.#Body(), body), quick).length === 0) return body;
    if (body === undefined) throw new BadRequestError([{ pointer: '', detail: 'must not be empty' }], 'bad-body');
    throw new BadRequestError(check(this.#fields, body), 'bad-body');
  }
}
