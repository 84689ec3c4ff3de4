import Shim

Shim.main()
