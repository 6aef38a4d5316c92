// Each kind of panel, drawn with what @grafana/ui has for it.
import { FieldType, dateTime, getFieldDisplayName } from '@grafana/data';
import { BigValue, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { theme } from './data.js';
import { Heatmap, Timeline } from './standins.jsx';

const empty = (panel) => <div className="empty">{panel.fieldConfig.defaults.noValue}</div>;

function Stat({ panel, frames, width, height }) {
  const frame = frames[0];
  if (!frame) return empty(panel);
  const field = frame.fields.find((each) => each.type === FieldType.number);
  const { options } = panel;
  const last = field.values.filter((value) => value !== null).at(-1);
  const value = { ...field.display(last), title: getFieldDisplayName(field, frame, frames) };
  const shown = options.textMode === 'name' ? named(field, value) : value;
  const hasSpark = options.graphMode === 'area' && field.values.length > 1;
  const [min, max] = [Math.min(...field.values), Math.max(...field.values)];
  const course = { ...field, config: { ...field.config, custom: {} }, state: { ...field.state, range: { min, max, delta: max - min } } };
  const sparkline = hasSpark ? { y: course, x: frame.fields[0] } : undefined;
  return (
    <BigValue
      value={shown}
      sparkline={sparkline}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode="value"
      text={options.text}
      width={width}
      height={height}
      theme={theme}
    />
  );
}

function named(field, value) {
  // The name stands for the value, in the colour that its mapping gives it.
  const mapped = field.config.mappings?.[0]?.options?.[value.title];
  return { text: mapped?.text ?? value.title, color: mapped?.color ? theme.visualization.getColorByName(mapped.color) : value.color, numeric: 0 };
}

function Graph({ panel, frames, range, width, height }) {
  if (frames.length === 0) return empty(panel);
  const timeRange = { from: dateTime(range.from * 1000), to: dateTime(range.to * 1000), raw: { from: '', to: '' } };
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      width={width}
      height={height}
      timeRange={timeRange}
      timeZone="utc"
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function Rows({ panel, frames, width, height }) {
  const frame = frames[0];
  if (!frame || frame.length === 0) return empty(panel);
  return (
    <TableNG
      data={frame}
      width={width}
      height={height}
      sortBy={panel.options.sortBy}
      noValue={panel.fieldConfig.defaults.noValue}
      fieldConfig={panel.fieldConfig}
      cellHeight="sm"
      enableVirtualization={false}
      structureRev={1}
    />
  );
}

const KINDS = { stat: Stat, timeseries: Graph, table: Rows, heatmap: Heatmap, 'state-timeline': Timeline };

export function Content(props) {
  const Kind = KINDS[props.panel.type];
  return <Kind {...props} />;
}

