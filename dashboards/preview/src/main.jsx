// A page that lays a dashboard out as Grafana does, for the picture in the documentation.
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { filled, framesOf, labelValues, stepOf, theme } from './data.js';
import { Content } from './panels.jsx';
import './page.css';

const WIDTH = 1600;
const CELL = { width: WIDTH / 24, height: 38, gap: 8 };
const ALL = { job: '.+', instance: '.+', account: '.*', project_id: '.+', addon_type: '.*', addon_id: '.+', backup_kind: '.+' };

const asked = new URLSearchParams(location.search);
const chosen = { project_id: asked.get('project_id'), addon_id: asked.get('addon_id') };

function Panel({ panel, values, range }) {
  const [frames, setFrames] = useState(null);
  const { x, y, w, h } = panel.gridPos;
  const place = {
    left: x * CELL.width + CELL.gap / 2,
    top: y * CELL.height,
    width: w * CELL.width - CELL.gap,
    height: h * CELL.height - CELL.gap,
  };
  useEffect(() => {
    const step = stepOf(panel, range, place.width);
    framesOf(panel, values, range, step).then(setFrames, (error) => setFrames({ error: String(error) }));
  }, []);
  if (panel.type === 'row') return <h2 className="row" style={place}>⌄ {filled(panel.title, values)}</h2>;
  const title = filled(panel.title, values);
  return (
    <div className="panel" style={place} data-ready={frames !== null}>
      <PanelChrome title={title} description={panel.description} width={place.width} height={place.height} padding="md">
        {(width, height) => {
          if (frames === null) return null;
          if (frames.error) return <pre className="error">{frames.error}</pre>;
          return <Content panel={panel} frames={frames} range={range} width={width} height={height} />;
        }}
      </PanelChrome>
    </div>
  );
}

async function repeated(panels, values, range) {
  // One panel per value, side by side, in the place of the one that names a variable.
  const found = [];
  for (const panel of panels) {
    if (!panel.repeat) { found.push(panel); continue; }
    const selector = filled(panel.targets[0].expr.match(/northflank_\w+\{[^}]*\}/)[0], values);
    const options = await labelValues(panel.repeat, selector, range);
    const width = 24 / options.length;
    options.forEach((value, place) => found.push({
      ...panel,
      gridPos: { ...panel.gridPos, x: place * width, w: width },
      title: filled(panel.title, { [panel.repeat]: value }),
      targets: panel.targets.map((target) => ({ ...target, expr: filled(target.expr, { [panel.repeat]: value }) })),
    }));
  }
  return found;
}

function Variables({ board }) {
  return board.templating.list.map(({ name, label }) => {
    const value = name === 'datasource' ? 'Prometheus' : chosen[name] ?? 'All';
    return <span key={name} className="variable"><b>{label}</b>{value}</span>;
  });
}

function Page() {
  const [state, setState] = useState(null);
  useEffect(() => {
    (async () => {
      const board = await (await fetch(`/${asked.get('board')}.json`)).json();
      const to = Number(asked.get('to'));
      const range = { from: to - Number(asked.get('hours')) * 3600, to };
      const single = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
      const values = { ...ALL, ...single };
      setState({ board, panels: await repeated(board.panels, values, range), values, range });
    })();
  }, []);
  if (state === null) return null;
  const { board, panels, values, range } = state;
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * CELL.height;
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <main style={{ width: WIDTH + 16 }}>
        <header><h1>{board.title}</h1><Variables board={board} /></header>
        <div style={{ position: 'relative', height }}>
          {panels.map((panel, place) => <Panel key={place} panel={panel} values={values} range={range} />)}
        </div>
      </main>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('page')).render(<Page />);
