/** The library as one file, which loads faster than its modules and has no types of its own. */
declare module 'echarts/dist/echarts.esm.min' {
  export * from 'echarts';
}
