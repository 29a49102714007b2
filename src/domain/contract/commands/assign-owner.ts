import { contract } from '../contract.js';
import { ownerOf } from '../events/ownership.js';

export const assignOwner = contract.command('AssignOwner', {
  summary: 'Assign a contract to the person and the department that answer for it from now on.',
  records: 'OwnerAssigned',
  alreadySo({ data: { owner, department } }, c) {
    const now = ownerOf(c);
    return (
      (owner ?? department) !== undefined && (owner ?? now?.owner) === now?.owner && (department ?? now?.department) === now?.department
    );
  },
});
