import { Cell } from '@jupyterlab/cells';

/** The text of a code cell; empty for a cell of another kind. */
export function codeOf(cell: Cell): string {
  return cell.model.type === 'code' ? cell.model.sharedModel.getSource() : '';
}
