import { TranslationBundle } from '@jupyterlab/translation';

import { IActivity } from '../../protocol';
import { count, dollars, duration, percent } from '../../shared/figures';

/** The figures of the time that is shown. */
export function Tiles(props: { activity: IActivity; trans: TranslationBundle }): JSX.Element {
  const { activity, trans } = props;
  const { summary, environments } = activity;
  const living = environments.filter(one => one.state !== 'gone');
  const busy = living.filter(one => one.state === 'running').length;
  const share = (n: number) =>
    n && summary.invocations ? ` (${percent(n / summary.invocations)})` : '';
  const cost = summary.cost_per_million;
  return (
    <dl className="lnb-figures lnb-tiles">
      <Tile name={trans.__('Environments')}>
        {trans.__('%1 (%2 running)', count(living.length), count(busy))}
      </Tile>
      <Tile name={trans.__('Invocations')}>{count(summary.invocations)}</Tile>
      <Tile name={trans.__('Cold starts')}>{count(summary.cold) + share(summary.cold)}</Tile>
      <Tile name={trans.__('Errors')} bad={summary.errors > 0}>
        {count(summary.errors) + share(summary.errors)}
      </Tile>
      <Tile name={trans.__('Throttles')} bad={summary.throttles > 0}>
        {count(summary.throttles) + share(summary.throttles)}
      </Tile>
      <Tile name={trans.__('Median duration')}>{duration(summary.p50_ms) || '–'}</Tile>
      <Tile name={trans.__('99th percentile')}>{duration(summary.p99_ms) || '–'}</Tile>
      <Tile name={trans.__('Cost per million')}>{cost === null ? '–' : dollars(cost)}</Tile>
    </dl>
  );
}

function Tile(props: { name: string; bad?: boolean; children: string }): JSX.Element {
  return (
    <div className={props.bad ? 'lnb-figure lnb-mod-bad' : 'lnb-figure'}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
