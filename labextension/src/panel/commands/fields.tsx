import { HTMLSelect } from '@jupyterlab/ui-components';
import { ReactNode, useId } from 'react';

interface IFieldProps {
  label: string;
  /** What is wrong with it; empty if nothing. */
  problem?: string;
  hint?: string;
  /** Gets what ties the control to its label and its problem. */
  children: (ties: {
    id: string;
    'aria-invalid': boolean;
    'aria-describedby': string | undefined;
  }) => ReactNode;
}

/** A labelled control with its hint and what is wrong with it. */
export function Field({ label, problem = '', hint = '', children }: IFieldProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className="lnb-field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-invalid': problem !== '',
        'aria-describedby': problem || hint ? about : undefined
      })}
      {(problem || hint) && (
        <div id={about} className={problem ? 'lnb-problem' : 'lnb-field-hint'}>
          {problem || hint}
        </div>
      )}
    </div>
  );
}

/** A one-line text field. */
export function TextField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  problem?: string;
  hint?: string;
  isNumber?: boolean;
  list?: string[];
}) {
  const list = useId();
  return (
    <Field label={props.label} problem={props.problem} hint={props.hint}>
      {ties => (
        <>
          <input
            {...ties}
            type="text"
            className="jp-mod-styled"
            autoComplete="off"
            spellCheck={false}
            inputMode={props.isNumber ? 'numeric' : undefined}
            list={props.list ? list : undefined}
            value={props.value}
            onChange={event => props.onChange(event.target.value)}
          />
          {props.list && (
            <datalist id={list}>
              {props.list.map(value => (
                <option key={value} value={value} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** A choice of a few. */
export function SelectField(props: {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
  problem?: string;
  hint?: string;
}) {
  return (
    <Field label={props.label} problem={props.problem} hint={props.hint}>
      {ties => (
        <HTMLSelect
          {...ties}
          options={props.options}
          value={props.value}
          onChange={event => props.onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** A whole number between two limits; null if the text is none. */
export function whole(text: string, least: number, most: number): number | null {
  const number = /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : null;
}
