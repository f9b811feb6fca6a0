import type { EChartsOption } from 'echarts';

/** Renders a chart as SVG text. */
export async function chart(width: number, height: number, option: EChartsOption): Promise<string> {
  const { init } = await import('echarts/dist/echarts.esm.min');
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawing.setOption(option);
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}
