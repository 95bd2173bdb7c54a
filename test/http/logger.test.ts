import { describe, expect, it } from 'vitest';
import { loggedLines } from '../support/logged-lines.ts';

describe('a line of the log', () => {
  it('says when, how grave, by whom and what', () => {
    const { log, text } = loggedLines();
    log.warn('a message was given back', { attempt: 3, reason: null, is_last: false, after: 'a "quoted"\nline' });
    expect(text()).toBe(
      '{"level":"warn","time":"2026-03-01T12:00:00.000Z","instance":"worker-1/7",' +
        '"attempt":3,"reason":null,"is_last":false,"after":"a \\"quoted\\"\\nline","msg":"a message was given back"}\n',
    );
  });

  it('says what it is about', () => {
    const { log, lines } = loggedLines();
    const ofProject = log.about({ project: 'office', feature_spec_version: 'v1' });
    ofProject.about({ mini_batch_id: 'b1' }).info('committed', { revision: 2 });
    ofProject.info('swept');
    log.info('stopped');
    expect(lines()).toMatchObject([
      { project: 'office', feature_spec_version: 'v1', mini_batch_id: 'b1', revision: 2, msg: 'committed' },
      { project: 'office', feature_spec_version: 'v1', msg: 'swept' },
      { msg: 'stopped' },
    ]);
    expect(Object.keys(lines()[1]!)).not.toContain('mini_batch_id');
    expect(Object.keys(lines()[2]!)).toEqual(['level', 'time', 'instance', 'msg']);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('is written from %s on', (level, written) => {
    const { log, lines } = loggedLines(level);
    const about = log.about({ project: 'office' });
    for (const one of [log, about]) {
      one.debug('d');
      one.info('i');
      one.warn('w');
      one.error('e');
    }
    expect(lines().map((line) => line['level'])).toEqual([...written, ...written]);
  });
});

describe('credentials', () => {
  const told = (text: string): string => {
    const { log, lines } = loggedLines();
    log.error(text, { where: text });
    log.about({ project: text }).error('x');
    const [first, second] = lines();
    expect(first?.['where']).toBe(first?.['msg']);
    expect(second?.['project']).toBe(first?.['msg']);
    return String(first?.['msg']);
  };

  it.each([
    ['redis://:hunter2@cache:6379/0 refused', 'redis://(secret)@cache:6379/0 refused'],
    ['rediss://ndr:hunter2@cache', 'rediss://(secret)@cache'],
    ['at https://user:p@ss:w@host.example/path?x=1.', 'at https://(secret)@host.example/path?x=1.'],
    ['"amqp://u:hunter2@a" and \'http://v:hunter2@b\'', '"amqp://(secret)@a" and \'http://(secret)@b\''],
    ['at redis://u:it\'s"so"@cache', 'at redis://(secret)@cache'],
    ['HTTP://U:HUNTER2@HOST', 'HTTP://(secret)@HOST'],
    [
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F20260301&X-Amz-Expires=60&X-Amz-Signature=ab12 403',
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=(secret)&X-Amz-Expires=60&X-Amz-Signature=(secret) 403',
    ],
  ])('of %s are hidden', (text, shown) => {
    expect(told(text)).toBe(shown);
  });

  it.each([
    'redis://cache:6379/0',
    's3://bucket/prefix/2026/03/01/b1/part@1.gz',
    'https://host.example/a?mail=x@y.example',
    'arn:aws:sqs:eu-central-1:1:q',
    'a mail to x@y.example',
  ])('are not seen where there are none: %s', (text) => {
    expect(told(text)).toBe(text);
  });

  it('are hidden in text without end, in time that has one', () => {
    const text = told(`redis://u:hunter2@h ${'a://'.repeat(50_000)} ${'a.'.repeat(500_000)}`);
    expect(text).toMatch(/^redis:\/\/\(secret\)@h a:/);
    expect(text.length).toBeLessThan(4100);
    expect(text).toMatch(/… \(\d+ more characters\)$/);
  });
});
