import { getMetadataStorage, ValidationError, type ValidationArguments } from 'class-validator';

type Class = Parameters<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[0];

/**
 * `validateSync(Object.assign(new Class(), object))` for a class whose only decorators are constraints, with the same errors and every
 * constraint asked once. Classes, constraints and errors are class-validator's own; only the loop is ours. The library's loop walks through
 * all registered classes for each object in search of base classes, and makes an error for each property before it knows of one: on a valid
 * body, with a class for each command, that costs more than the rules do. Here the metadata is looked up once, so all of it must be
 * registered before. test/http/body.spec.ts compares both loops.
 */
export const validatorOf = (target: Class): ((object: object) => ValidationError[]) => {
  const storage = getMetadataStorage();
  const rules = storage
    .getTargetValidationMetadatas(target, '', false, false)
    .flatMap(({ propertyName, constraints, context, constraintCls }) =>
      storage
        .getTargetValidatorConstraints(constraintCls)
        .map(({ name, instance }) => ({ property: propertyName, constraints, context, name, instance })),
    );
  return (object) => {
    const errors: ValidationError[] = [];
    for (const { property, constraints, context, name, instance } of rules) {
      const value: unknown = Object.hasOwn(object, property) ? object[property as keyof typeof object] : undefined;
      const asked: ValidationArguments = { value, constraints, targetName: target.name, object, property };
      if (instance.validate(value, asked) === true) continue;
      const error = new ValidationError();
      error.property = property;
      error.constraints = { [name]: instance.defaultMessage!(asked) };
      error.contexts = { [name]: { ...context } };
      error.children = [];
      errors.push(error);
    }
    return errors;
  };
};
