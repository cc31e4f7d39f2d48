'use client';

import { useState } from 'react';
import { Monitor, Moon, Sun } from 'lucide-react';
import { Menu, MenuChoice } from '@/components/ui/menu';
import { chooseTheme, themes, type Theme } from '@/lib/client/theme';

const looks = { system: { Icon: Monitor, word: 'As the system' }, light: { Icon: Sun, word: 'Light' }, dark: { Icon: Moon, word: 'Dark' } };

export function ThemeMenu({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const { Icon: Current, word } = looks[theme];
  return (
    <Menu label={`Theme: ${word.toLowerCase()}`} icon trigger={<Current className="size-4" aria-hidden />}>
      {themes.map((choice) => {
        const { Icon, word: text } = looks[choice];
        const choose = () => {
          chooseTheme(choice);
          setTheme(choice);
        };
        return (
          <MenuChoice key={choice} checked={choice === theme} onSelect={choose}>
            <Icon className="size-4 text-faint" aria-hidden />
            {text}
          </MenuChoice>
        );
      })}
    </Menu>
  );
}
