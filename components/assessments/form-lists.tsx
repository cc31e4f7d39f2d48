'use client';

import { useFieldArray, useFormContext, useWatch } from 'react-hook-form';
import { Button } from '@/components/ui/button';
import { formatScore } from '@/lib/units';
import { weigh } from './detail-weights';
import { newChild, numberOf, type FormValues } from './form-draft';
import { FormField, TimeField } from './form-field';
import { FormList } from './form-list';

export function FactorList() {
  const { control } = useFormContext<FormValues>();
  const { fields, append, remove } = useFieldArray({ control, name: 'factors', keyName: 'key' });
  return (
    <FormList name="factors" title="Factors" one="factor" rows={fields} layout="lg:grid-cols-[10rem_minmax(0,1fr)_4.5rem_4.5rem_minmax(0,1.4fr)_2rem]" headings={['Category', 'Name', 'Score', 'Weight', 'Description']} about={<WeightedSum />} onAdd={() => append(newChild.factors())} onRemove={remove}>
      {(index) => (
        <>
          <FormField name={`factors.${index}.category`} label="Category" required hiddenLabel="wide" />
          <FormField name={`factors.${index}.name`} label="Name" required hiddenLabel="wide" />
          <FormField name={`factors.${index}.score`} label="Score" kind="score" required hiddenLabel="wide" />
          <FormField name={`factors.${index}.weight`} label="Weight" kind="score" required hiddenLabel="wide" />
          <FormField name={`factors.${index}.description`} label="Description" kind="lines" hiddenLabel="wide" className="max-lg:col-span-2" />
        </>
      )}
    </FormList>
  );
}

/** What the factors add up to so far, which can be made the score. */
function WeightedSum() {
  const { control, setValue } = useFormContext<FormValues>();
  const [factors, score] = useWatch({ control, name: ['factors', 'riskScore'] });
  const complete = factors.map((one) => ({ score: numberOf(one.score), weight: numberOf(one.weight) })).filter((one) => Number.isFinite(one.score * one.weight));
  if (complete.length === 0) return null;
  const { sum, weights } = weigh(complete);
  const text = formatScore(sum);
  return (
    <>
      <span className="numeric text-xs text-muted">Weights {formatScore(weights)}, weighted sum {text}</span>
      {text === score || sum > 1 ? null : <Button size="small" onClick={() => setValue('riskScore', text, { shouldDirty: true, shouldValidate: true })}>Use as the score</Button>}
    </>
  );
}

export function PredictionList() {
  const { control } = useFormContext<FormValues>();
  const { fields, append, remove } = useFieldArray({ control, name: 'predictions', keyName: 'key' });
  return (
    <FormList name="predictions" title="Predictions" one="prediction" rows={fields} layout="lg:grid-cols-[8rem_8rem_8rem_minmax(0,1fr)_2rem]" headings={['Months ahead', 'Predicted score', 'Confidence', 'Model']} onAdd={() => append(newChild.predictions())} onRemove={remove}>
      {(index) => (
        <>
          <FormField name={`predictions.${index}.horizonMonths`} label="Months ahead" kind="months" required hiddenLabel="wide" />
          <FormField name={`predictions.${index}.predictedScore`} label="Predicted score" kind="score" required hiddenLabel="wide" />
          <FormField name={`predictions.${index}.confidence`} label="Confidence" kind="score" required hiddenLabel="wide" />
          <FormField name={`predictions.${index}.modelUsed`} label="Model" required hiddenLabel="wide" />
        </>
      )}
    </FormList>
  );
}

const usualStatuses = ['passed', 'warning', 'failed', 'pending'];

export function CheckList() {
  const { control } = useFormContext<FormValues>();
  const { fields, append, remove } = useFieldArray({ control, name: 'complianceChecks', keyName: 'key' });
  return (
    <>
      <datalist id="check-statuses">{usualStatuses.map((status) => <option key={status}>{status}</option>)}</datalist>
      <FormList name="complianceChecks" title="Compliance checks" one="check" rows={fields} layout="lg:grid-cols-[minmax(0,1fr)_9rem_minmax(0,1.4fr)_13rem_2rem]" headings={['Check', 'Status', 'Result', 'Checked, UTC (empty: now)']} onAdd={() => append(newChild.complianceChecks())} onRemove={remove}>
        {(index) => (
          <>
            <FormField name={`complianceChecks.${index}.checkType`} label="Check" required hiddenLabel="wide" />
            <FormField name={`complianceChecks.${index}.status`} label="Status" suggestions="check-statuses" required hiddenLabel="wide" />
            <FormField name={`complianceChecks.${index}.result`} label="Result" kind="lines" hiddenLabel="wide" className="max-lg:col-span-2" />
            <TimeField name={`complianceChecks.${index}.checkedAt`} label="Checked, UTC (empty: now)" hiddenLabel="wide" className="max-lg:col-span-2" />
          </>
        )}
      </FormList>
    </>
  );
}
