import DriverHost
import DriverKit

extension DriverSnapshot {
    init(_ status: DriverStatus) {
        var reason = ""
        let state: String
        switch status.state {
        case .found: state = "found"
        case .loaded: state = "loaded"
        case .wedged: state = "wedged"
        case .failed(let why):
            state = "failed"
            reason = why
        }
        self.init(
            kind: "\(status.kind)", name: status.name, version: status.version, path: status.path, state: state, reason: reason,
            isDefault: status.isDefault, summary: status.summary, capabilities: status.capabilities, options: status.options,
            calls: status.calls, errors: status.errors)
    }
}
