import Support

// The search for outside programs in shell, for what runs without ShiftSim: the Makefile of an emitted project
// (bench/tool) and the scripts of this repository (scripts/find-tool, the same text). Programs, variables and commands
// are the rows of OutsideTool; the order of places is ToolSearch's.

/// Writes bench/tool.
package enum ToolFinder {
    /// The script for an emitted project.
    static let file = RTLFile(name: "bench/tool", text: text)

    /// The script: NAME [PATH] prints the program's path. Statuses: 0 found, 4 not installed, 2 a variable or PATH
    /// names no program.
    package static let text = head + OutsideTool.allCases.map(row).joined() + tail

    private static func row(_ tool: OutsideTool) -> String {
        """
            \(tool.rawValue))
                subject='\(tool.subject)'
                programs='\(tool.programs.joined(separator: " "))'
                variable=\(tool.variable)
                install='\(tool.install)'
                ;;

        """
    }

    private static let head = #"""
        #!/bin/sh
        # Looks for a program as ShiftSim does and prints its path.
        #   sh tool NAME [PATH]
        # PATH, where it is given, or the variable SHIFTSIM_NAME says where it is, there and nowhere else. Otherwise: in the
        # virtual environment of SHIFTSIM_PYTHON, in .venv of the working folder and of those above it, then in $PATH.
        # Statuses: 0 found, 4 not installed, 2 the variable or PATH names no program.
        # Written by ShiftSim. It calls no other program, so that it works where nothing is installed.

        case "$1" in

        """#

    private static let tail = #"""
            *)
                echo "usage: tool NAME [PATH]" >&2
                exit 2
                ;;
        esac

        # Prints a file that can be run, and ends.
        try() {
            if [ -f "$1" ] && [ -x "$1" ]; then
                printf '%s\n' "$1"
                exit 0
            fi
        }

        if [ -n "${2-}" ]; then
            case "$2" in
                */*) try "$2" ;;
                *) command -v -- "$2" && exit 0 ;;
            esac
            echo "'$2' is no program; name one by its path" >&2
            exit 2
        fi
        # Ends for a variable that names no program; an empty one is as good as none.
        misnamed() {
            echo "$1 is '$2', which is no program; set it to a path of one, or unset it" >&2
            exit 2
        }
        eval "named=\${$variable-}"
        if [ -n "$named" ]; then
            try "$named"
            misnamed "$variable" "$named"
        fi

        # Folders with programs, a line each.
        folders=
        add() {
            folders="$folders$1
        "
        }
        python=${SHIFTSIM_PYTHON-}
        if [ -n "$python" ]; then
            if [ ! -f "$python" ] || [ ! -x "$python" ]; then misnamed SHIFTSIM_PYTHON "$python"; fi
            case "$python" in
                */*) add "${python%/*}" ;;
            esac
        fi
        folder=$(pwd)
        while [ -n "$folder" ]; do
            add "$folder/.venv/bin"
            folder=${folder%/*}
        done
        rest=${PATH-}:
        while [ -n "$rest" ]; do
            [ -z "${rest%%:*}" ] || add "${rest%%:*}"
            rest=${rest#*:}
        done

        for program in $programs; do
            rest=$folders
            while [ -n "$rest" ]; do
                folder=${rest%%
        *}
                try "$folder/$program"
                rest=${rest#*
        }
            done
        done
        echo "$subject was not found. Install it with: $install" >&2
        exit 4

        """#
}
