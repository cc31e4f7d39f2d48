'use client';

import { useState, type ComponentProps } from 'react';
import { Eye, EyeOff } from 'lucide-react';
import { Button } from './button';
import { classNames } from './class-names';
import { Input } from './input';

/** A password that its owner can look at: a typing error is seen before it locks them out, without typing it twice. */
export function PasswordInput({ className, ...rest }: Omit<ComponentProps<'input'>, 'type'>) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <div className="relative">
      <Input {...rest} type={shown ? 'text' : 'password'} autoCapitalize="none" spellCheck={false} className={classNames('pr-9', shown && 'font-mono', className)} />
      <Button kind="ghost" size="small" icon aria-label={shown ? 'Hide the password' : 'Show the password'} onClick={() => setShown(!shown)} className="absolute top-0.5 right-0.5">
        <Icon className="size-4" aria-hidden />
      </Button>
    </div>
  );
}
