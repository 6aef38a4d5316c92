// Grafana keeps its state timeline and its heatmap to itself; these look alike and read the same options.
import { FieldType, getValueFormat, formattedValueToString } from '@grafana/data';
import { theme } from './data.js';

const LEFT = 170;
const BOTTOM = 24;
const TOP = 10;

function Times({ range, width, height, left }) {
  const day = 86400;
  const step = range.to - range.from > 3 * day ? day : day / 8;
  const marks = [];
  for (let at = Math.ceil(range.from / step) * step; at < range.to; at += step) marks.push(at);
  const x = (at) => left + ((at - range.from) / (range.to - range.from)) * (width - left);
  const text = (at) => {
    const time = new Date(at * 1000).toISOString();
    return step === day ? time.slice(5, 10).replace('-', '/') : time.slice(11, 16);
  };
  return marks.map((at) => (
    <g key={at}>
      <line x1={x(at)} x2={x(at)} y1={0} y2={height - BOTTOM} stroke={theme.colors.border.weak} />
      <text x={x(at)} y={height - 8} fill={theme.colors.text.secondary} fontSize="12" textAnchor="middle">{text(at)}</text>
    </g>
  ));
}

function segments(field, times, end) {
  const found = [];
  field.values.forEach((value, place) => {
    const last = found.at(-1);
    const at = times[place];
    const next = Math.min(times[place + 1] ?? end, at + 2 * (times[1] - times[0]));
    if (last && last.value === value && at - last.to < 1000) last.to = next;
    else found.push({ value, from: at, to: next });
  });
  return found;
}

export function Timeline({ panel, frames, range, width, height }) {
  const shown = frames.slice(0, panel.options.perPage ?? 20);
  const legend = 24;
  const row = (height - BOTTOM - legend) / Math.max(shown.length, 1);
  const x = (at) => LEFT + ((at / 1000 - range.from) / (range.to - range.from)) * (width - LEFT);
  const [mapping] = panel.fieldConfig.defaults.mappings;
  return (
    <div>
      <svg width={width} height={height - legend}>
        <Times range={range} width={width} height={height - legend} left={LEFT} />
        {shown.map((frame, place) => {
          const field = frame.fields.find((each) => each.type === FieldType.number);
          const y = place * row + (row * (1 - panel.options.rowHeight)) / 2;
          const times = frame.fields[0].values;
          return (
            <g key={place}>
              <text x={LEFT - 8} y={place * row + row / 2 + 4} fill={theme.colors.text.primary} fontSize="12" textAnchor="end">
                {field.state.displayName}
              </text>
              {segments(field, times, range.to * 1000).map((each) => (
                <rect key={each.from} x={x(each.from)} y={y} width={Math.max(x(each.to) - x(each.from), 1)}
                  height={row * panel.options.rowHeight} fill={field.display(each.value).color} opacity={0.85} />
              ))}
            </g>
          );
        })}
      </svg>
      <div className="legend">
        {Object.values(mapping.options).map(({ text, color }) => (
          <span key={text}><i style={{ background: theme.visualization.getColorByName(color) }} />{text}</span>
        ))}
      </div>
    </div>
  );
}

const ORANGES = ['#2b1d0e', '#7f3b08', '#b35806', '#e08214', '#fdb863', '#fee0b6', '#fff7ec'];

export function Heatmap({ panel, frames, range, width, height }) {
  const rows = frames
    .map((frame) => ({ bound: Number(frame.fields[1].labels.le.replace('+Inf', 'Infinity')), frame }))
    .sort((one, two) => one.bound - two.bound);
  const left = 80;
  const times = rows[0].frame.fields[0].values;
  const counts = rows.map(({ frame }, place) =>
    frame.fields[1].values.map((value, at) => value - (place ? rows[place - 1].frame.fields[1].values[at] : 0))
  );
  const most = Math.max(...counts.flat());
  const tall = (height - BOTTOM - TOP) / rows.length;
  const wide = (width - left) / times.length;
  const format = getValueFormat(panel.options.yAxis.unit);
  const color = (count) => ORANGES[Math.min(ORANGES.length - 1, Math.ceil((count / most) * (ORANGES.length - 1)))];
  return (
    <svg width={width} height={height}>
      <Times range={range} width={width} height={height} left={left} />
      {counts.map((row, place) => {
        const y = height - BOTTOM - (place + 1) * tall;
        const { bound } = rows[place];
        return (
          <g key={bound}>
            <text x={left - 8} y={y + 4} fill={theme.colors.text.secondary} fontSize="12" textAnchor="end">
              {Number.isFinite(bound) ? formattedValueToString(format(bound)) : '+Inf'}
            </text>
            {row.map((count, at) => count > 0 && (
              <rect key={at} x={left + at * wide} y={y + 0.5} width={Math.max(wide - 0.5, 0.5)} height={tall - 1} fill={color(count)} />
            ))}
          </g>
        );
      })}
    </svg>
  );
}
