import { IOption } from '../protocol';
import { IKernelLink, IWorkbench } from '../tokens';

/** How long a completion waits for the kernel before it takes what it knows. */
const PATIENCE_MS = 700;

/** The options of the magics: each kernel's table is kept, so that a busy kernel can be done without. */
export class Options {
  constructor(private readonly _workbench: IWorkbench) {}

  /** The table for a notebook; that of another one, or nothing, if its kernel never told. */
  async of(path: string): Promise<IOption[]> {
    const link = this._workbench.find(path);
    if (!link || link.status === 'absent') {
      return [];
    }
    const known = this._tables.get(link) ?? this._latest;
    if (link.status !== 'here') {
      return known;
    }
    const asked = link
      .ask('options', {})
      .then(table => {
        this._tables.set(link, table);
        this._latest = table;
        return table;
      })
      .catch(() => known);
    const late = new Promise<IOption[]>(resolve =>
      window.setTimeout(() => resolve(this._tables.get(link) ?? known), PATIENCE_MS)
    );
    return Promise.race([asked, late]);
  }

  private _tables = new WeakMap<IKernelLink, IOption[]>();
  private _latest: IOption[] = [];
}
