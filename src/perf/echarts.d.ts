/** The library as one file, quicker to load than its modules; it comes without types of its own. */
declare module 'echarts/dist/echarts.esm.min' {
  export * from 'echarts';
}
