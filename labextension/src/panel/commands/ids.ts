/** Commands of the panel that no other part calls. */
export const load = 'lambda-nb:load';
export const filter = 'lambda-nb:filter';
export const expandAll = 'lambda-nb:expand-all';
export const collapseAll = 'lambda-nb:collapse-all';
export const showNotebook = 'lambda-nb:show-notebook';
export const deleteAlias = 'lambda-nb:delete-alias';
export const openAddress = 'lambda-nb:open-address';
export const copy = 'lambda-nb:copy';
/** Does to the panel's row what its argument `command` names; for keyboard shortcuts. */
export const selected = 'lambda-nb:selected';
