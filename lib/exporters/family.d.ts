/** As src/export/exposition.rs writes it. */
export interface MetricFamily {
  /** A counter's without _total. */
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: { suffix: string; labels: [string, string][]; value: number }[];
}
