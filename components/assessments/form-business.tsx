'use client';

import { useFormContext, useWatch } from 'react-hook-form';
import { LevelBadge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Select } from '@/components/ui/input';
import { useAssessmentStats } from '@/lib/client/use-assessment-list';
import { levelOf, statuses } from '@/lib/rooms/assessments/values';
import type { Country } from './form-countries';
import { numberOf, type FormValues } from './form-draft';
import { FormField, useFieldError } from './form-field';
import { ScoreScale } from './score-scale';

const everything: Record<string, string[]> = {};

export function BusinessCard({ countries }: { countries: readonly Country[] }) {
  const { register } = useFormContext<FormValues>();
  const { data } = useAssessmentStats(everything);
  const refused = useFieldError('country');
  return (
    <Card title="Business">
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
        <FormField name="businessName" label="Business name" required className="sm:col-span-2" />
        <FormField name="businessAddress" label="Address" kind="lines" className="sm:col-span-2" />
        <FormField name="industry" label="Industry" suggestions="industries" />
        <datalist id="industries">{(data?.byIndustry ?? []).flatMap(({ industry }) => (industry ? [<option key={industry}>{industry}</option>] : []))}</datalist>
        <Field label="Country" error={refused}>
          {(control) => (
            <Select {...control} {...register('country')}>
              <option value="">Unknown</option>
              {countries.map(({ code, name }) => <option key={code} value={code}>{name} ({code})</option>)}
            </Select>
          )}
        </Field>
      </div>
    </Card>
  );
}

/** The score, and at once the level that follows from it. */
export function RiskCard() {
  const { register, control } = useFormContext<FormValues>();
  const value = numberOf(useWatch({ control, name: 'riskScore' }));
  const refused = useFieldError('status');
  const score = value >= 0 && value <= 1 ? value : null;
  return (
    <Card title="Risk">
      <div className="grid grid-cols-2 gap-x-4 gap-y-3">
        <FormField name="riskScore" label="Score, 0 to 1" kind="score" required />
        <Field label="Status" error={refused}>
          {(field) => <Select {...field} {...register('status')}>{statuses.map((one) => <option key={one} value={one}>{one.charAt(0).toUpperCase() + one.slice(1)}</option>)}</Select>}
        </Field>
        <div className="col-span-2 flex flex-col gap-2">
          <p className="flex min-h-5 flex-wrap items-center gap-x-3 text-xs text-muted" aria-live="polite">
            {score === null ? 'The level follows from the score.' : <>Level <LevelBadge level={levelOf(score)} /></>}
          </p>
          <ScoreScale score={score} />
        </div>
      </div>
    </Card>
  );
}
