import { h } from 'preact';
export const answer = h('p', null);
