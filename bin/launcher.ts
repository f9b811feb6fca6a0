import { main } from '../src/main.ts';
import { registry } from './registry.ts';

process.exitCode = await main(registry);
