export const history = 'not by the door';
