// Stands in for react-custom-scrollbars-2: pictures are not scrolled.
export default function Scrollbars({ children }) {
  return <div style={{ height: '100%', overflow: 'hidden' }}>{children}</div>;
}
